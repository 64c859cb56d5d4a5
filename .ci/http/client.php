<?php
// curl

define("USERS", getenv("BW_BASE_URL") . "/accounts/" . getenv("BW_ACCOUNT_ID") . "/users");

function user(string $name): array
{
    return ["Username" => $name, "FirstName" => "Zoë", "LastName" => "O'Neil & Söhne",
        "Email" => "$name@example.com", "Password" => "Teal-Wagon.47"];
}

function request(string $method, string $url, ?array $body = null): CurlHandle
{
    $handle = curl_init($url);
    $headers = ["Accept: application/json"];
    curl_setopt_array($handle, [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_RETURNTRANSFER => true,
        CURLOPT_USERPWD => getenv("BW_USERNAME") . ":" . getenv("BW_PASSWORD")]);
    if ($body !== null) {
        $headers[] = "Content-Type: application/json";
        curl_setopt($handle, CURLOPT_POSTFIELDS, json_encode($body));
    }
    curl_setopt($handle, CURLOPT_HTTPHEADER, $headers);
    return $handle;
}

function check(bool $holds, mixed $seen): void
{
    if (!$holds) {
        fwrite(STDERR, json_encode($seen) . "\n");
        exit(1);
    }
}

function expect(int $wanted, string $method, string $url, ?array $body = null): array
{
    $handle = request($method, $url, $body);
    $text = curl_exec($handle);
    $status = curl_getinfo($handle, CURLINFO_RESPONSE_CODE);
    check($status === $wanted, "$method $url: $status $text");
    return json_decode($text, true);
}

/** Sends all of them at the same time. */
function at_once(int $wanted, array $handles): array
{
    $multi = curl_multi_init();
    array_walk($handles, fn ($handle) => curl_multi_add_handle($multi, $handle));
    do {
        curl_multi_exec($multi, $running);
        curl_multi_select($multi);
    } while ($running > 0);
    return array_map(function ($handle) use ($wanted) {
        $text = curl_multi_getcontent($handle);
        check(curl_getinfo($handle, CURLINFO_RESPONSE_CODE) === $wanted, $text);
        return json_decode($text, true);
    }, $handles);
}

$before = expect(200, "GET", USERS)["Users"];
check(in_array("jdoe", array_column($before, "Username")), $before);
echo "list\n";
$own = USERS . "/" . expect(201, "POST", USERS, user("zoe"))["UserId"];
$seen = expect(200, "GET", $own);
check([$seen["FirstName"], $seen["LastName"]] === ["Zoë", "O'Neil & Söhne"], $seen);
echo "create\n";
expect(200, "PUT", $own, ["FirstName" => "Zoé"]);
check(expect(200, "GET", $own)["FirstName"] === "Zoé", "Zoé");
echo "update\n";
expect(200, "DELETE", $own);
echo "delete\n";
$error = expect(404, "GET", $own)["ResponseStatus"];
check($error["ErrorCode"] > 0 && $error["Description"] !== "", $error);
echo "error\n";
$creates = array_map(fn ($n) => request("POST", USERS, user("user$n")), range(0, 49));
$keys = array_unique(array_column(at_once(201, $creates), "UserId"));
check(count($keys) === 50, $keys);
at_once(200, array_map(fn ($key) => request("DELETE", USERS . "/$key"), $keys));
check(expect(200, "GET", USERS)["Users"] === $before, "the users of the start");
echo "50 at once\n";
