# A person signs in with a device code, and a program in Ruby, by version 3 of the AWS SDK, uses and refreshes what it
# got: the test says what it has to print.
require "aws-sdk-core"
require "json"

AT = { endpoint: ENV.fetch("AWS_ENDPOINT_URL"), region: "us-east-1" }.freeze
START_URL = ENV.fetch("START_URL")

# Prints the class of what is raised, and its message.
def refused
  yield
  abort "not refused: #{caller(1, 1)}"
rescue Aws::Errors::ServiceError => error
  puts "#{error.class} #{error.message}"
end

oidc = Aws::SSOOIDC::Client.new(**AT)
portal = Aws::SSO::Client.new(**AT)
registered = oidc.register_client(client_name: "in-ruby", client_type: "public", scopes: ["sso:account:access"])
own = { client_id: registered.client_id, client_secret: registered.client_secret }
device = oidc.start_device_authorization(**own, start_url: START_URL)
asked = own.merge(grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: device.device_code)
refused { oidc.create_token(**asked) }
puts device.user_code
$stdout.flush
$stdin.gets
sleep device.interval
token = oidc.create_token(**asked)
accounts = portal.list_accounts(access_token: token.access_token).flat_map(&:account_list)
account = accounts.first.account_id
roles = portal.list_account_roles(access_token: token.access_token, account_id: account).flat_map(&:role_list)
puts "#{accounts.length} #{roles.length}"
refused { portal.get_role_credentials(access_token: token.access_token, account_id: account, role_name: "none") }

# What the AWS CLI keeps of a sign-in, as if it were of yesterday.
cache = File.join(Dir.home, ".aws", "sso", "cache", "#{Digest::SHA1.hexdigest('work')}.json")
kept = {
  "startUrl" => START_URL, "region" => "us-east-1", "accessToken" => "long gone",
  "expiresAt" => (Time.now.utc - 86_400).strftime("%Y-%m-%dT%H:%M:%SZ"), "refreshToken" => token.refresh_token,
  "clientId" => registered.client_id, "clientSecret" => registered.client_secret,
  "registrationExpiresAt" => Time.at(registered.client_secret_expires_at).utc.strftime("%Y-%m-%dT%H:%M:%SZ")
}
FileUtils.mkdir_p(File.dirname(cache))
File.write(cache, JSON.dump(kept))
provider = Aws::SSOTokenProvider.new(sso_session: "work", sso_region: "us-east-1", client: oidc)
puts provider.token.token == token.access_token
session = Aws::SSOCredentials.new(
  sso_account_id: account, sso_role_name: roles.first.role_name, sso_session: "work", sso_region: "us-east-1",
  client: portal
)
puts Aws::STS::Client.new(**AT, credentials: session).get_caller_identity.arn
portal.logout(access_token: provider.token.token)
refused { portal.list_accounts(access_token: provider.token.token) }
