// A mock in a container for the tests of a class, with Testcontainers for .NET and xUnit.
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Xunit;

public sealed class Mock : IAsyncLifetime
{
    // The image needs a token for its control API; else it makes one, which only its log has.
    private const string Token = "for-tests-only";

    private readonly IContainer _container = new ContainerBuilder("bandwidth-mock")
        .WithEnvironment("BANDWIDTH_MOCK_ADMIN_TOKEN", Token)
        .WithPortBinding(8080, assignRandomHostPort: true)
        .WithWaitStrategy(Wait.ForUnixContainer()
            .UntilHttpRequestIsSucceeded(request => request.ForPort(8080).ForPath("/__admin/ready")))
        .Build();

    public HttpClient Client { get; } = new();

    public Task InitializeAsync() => _container.StartAsync();

    public Task DisposeAsync() => _container.DisposeAsync().AsTask();

    // A throwaway account: accountId, username, password, baseUrl.
    public async Task<JsonElement> NewAccount()
    {
        var url = $"http://{_container.Hostname}:{_container.GetMappedPublicPort(8080)}/__admin/accounts";
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = JsonContent.Create(new { seed = "demo" }) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        using var response = await Client.SendAsync(request);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}

public class UsersTests(Mock mock) : IClassFixture<Mock>
{
    [Fact]
    public async Task AnAccountStartsWithTheDemoUser()
    {
        var account = await mock.NewAccount();
        string Text(string key) => account.GetProperty(key).GetString()!;

        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Text("baseUrl")}/accounts/{Text("accountId")}/users");
        var login = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Text("username")}:{Text("password")}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", login);
        request.Headers.Accept.ParseAdd("application/json");
        using var response = await mock.Client.SendAsync(request);

        var users = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("Users");
        Assert.Equal("jdoe", Assert.Single(users.EnumerateArray()).GetProperty("Username").GetString());
    }
}
