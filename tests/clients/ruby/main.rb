# What a program in Ruby does with an account, by version 3 of the AWS SDK: the test says what it has to print.
require "aws-sdk-core"
require "aws-sdk-kms"
require "aws-sdk-s3"

AT = { endpoint: ENV.fetch("AWS_ENDPOINT_URL"), region: "us-east-1" }.freeze

# Prints the class of what is raised, and its message.
def refused
  yield
  abort "not refused: #{caller(1, 1)}"
rescue Aws::Errors::ServiceError => error
  puts "#{error.class} #{error.message}"
end

def in_twenty_minutes
  Time.singleton_class.class_eval do
    alias_method :really, :now
    define_method(:now) { |**given| really(**given) + 1200 }
  end
  yield
ensure
  Time.singleton_class.class_eval { alias_method :now, :really }
end

session = Aws::AssumeRoleCredentials.new(
  client: Aws::STS::Client.new(**AT), role_arn: ENV.fetch("ROLE"), role_session_name: "ruby-session"
)
member = AT.merge(credentials: session, retry_mode: "standard")
sts = Aws::STS::Client.new(**member)
puts sts.get_caller_identity.arn
refused { sts.get_session_token }
refused { sts.assume_role(role_arn: ENV.fetch("ROLE"), role_session_name: "x") }

kms = Aws::KMS::Client.new(**member)
refused { kms.describe_key(key_id: "alias/none") }
refused { kms.decrypt(ciphertext_blob: "none") }

s3 = Aws::S3::Client.new(**member, force_path_style: true)
s3.create_bucket(bucket: "from-ruby")
s3.wait_until(:bucket_exists, bucket: "from-ruby")
s3.put_object(bucket: "from-ruby", key: "a b+ü/c", body: "hello", checksum_algorithm: "SHA256")
puts s3.get_object(bucket: "from-ruby", key: "a b+ü/c").body.read
large = Aws::S3::Object.new("from-ruby", "a/large", client: s3)
large.upload_stream { |stream| 6.times { stream << "z" * 1024 * 1024 } }
puts large.content_length
upload = s3.create_multipart_upload(bucket: "from-ruby", key: "a/b")
place = { bucket: "from-ruby", key: "a/b", upload_id: upload.upload_id }
part = { part_number: 1, etag: s3.upload_part(**place, part_number: 1, body: "x").etag }
puts s3.complete_multipart_upload(**place, multipart_upload: { parts: [part] }).location
puts s3.list_objects_v2(bucket: "from-ruby", max_keys: 2).flat_map { |page| page.contents.map(&:key) }.inspect
refused { s3.get_object(bucket: "from-ruby", key: "none") }

# Each service says in its own way that a clock is wrong, and the SDK signs again by the server's.
in_twenty_minutes do
  puts Aws::STS::Client.new(**member).get_caller_identity.arn
  puts Aws::KMS::Client.new(**member).list_keys.keys.length
  puts Aws::S3::Client.new(**member, force_path_style: true).list_objects_v2(bucket: "from-ruby").key_count
end
