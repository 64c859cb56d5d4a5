# Net::HTTP
require "json"
require "net/http"

USERS = "#{ENV["BW_BASE_URL"]}/accounts/#{ENV["BW_ACCOUNT_ID"]}/users"

def user(name)
  { Username: name, FirstName: "Zoë", LastName: "O'Neil & Söhne",
    Email: "#{name}@example.com", Password: "Teal-Wagon.47" }
end

def expect(wanted, method, url, body = nil)
  uri = URI(url)
  request = Net::HTTP.const_get(method).new(uri, "Accept" => "application/json")
  request.basic_auth(ENV["BW_USERNAME"], ENV["BW_PASSWORD"])
  if body
    request.content_type = "application/json"
    request.body = body.to_json
  end
  answer = Net::HTTP.start(uri.host, uri.port) { |http| http.request(request) }
  raise "#{method} #{url}: #{answer.code} #{answer.body}" unless answer.code == wanted.to_s
  JSON.parse(answer.body)
end

def check(holds, seen)
  raise seen.to_s unless holds
end

before = expect(200, "Get", USERS)["Users"]
check(before.any? { |user| user["Username"] == "jdoe" }, before)
puts "list"
own = "#{USERS}/#{expect(201, "Post", USERS, user("zoe"))["UserId"]}"
seen = expect(200, "Get", own)
check(seen.values_at("FirstName", "LastName") == ["Zoë", "O'Neil & Söhne"], seen)
puts "create"
expect(200, "Put", own, { FirstName: "Zoé" })
check(expect(200, "Get", own)["FirstName"] == "Zoé", "Zoé")
puts "update"
expect(200, "Delete", own)
puts "delete"
error = expect(404, "Get", own)["ResponseStatus"]
check(error["ErrorCode"].positive? && !error["Description"].empty?, error)
puts "error"
threads = (0...50).map { |n| Thread.new { expect(201, "Post", USERS, user("user#{n}"))["UserId"] } }
keys = threads.map(&:value).uniq
check(keys.size == 50, keys)
keys.map { |key| Thread.new { expect(200, "Delete", "#{USERS}/#{key}") } }.each(&:join)
check(expect(200, "Get", USERS)["Users"] == before, "the users of the start")
puts "50 at once"
