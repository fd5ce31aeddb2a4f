# What users and the account hold beside access keys. The test makes the files: keys and certificates of its own.

resource "aws_iam_user" "holder" {
  name = "holder"
}

resource "aws_iam_user_login_profile" "holder" {
  user                    = aws_iam_user.holder.name
  password_length         = 24
  password_reset_required = true
  depends_on              = [aws_iam_account_password_policy.strict]
}

resource "aws_iam_user_ssh_key" "holder" {
  username   = aws_iam_user.holder.name
  encoding   = "SSH"
  public_key = file("${path.module}/ssh.pub")
}

resource "aws_iam_signing_certificate" "holder" {
  user_name        = aws_iam_user.holder.name
  certificate_body = file("${path.module}/signing.pem")
}

resource "aws_iam_service_specific_credential" "holder" {
  service_name = "codecommit.amazonaws.com"
  user_name    = aws_iam_user.holder.name
}

resource "aws_iam_virtual_mfa_device" "holder" {
  virtual_mfa_device_name = "holder"
  tags = {
    team = var.description
  }
}

resource "aws_iam_server_certificate" "site" {
  name             = "site"
  path             = "/cloudfront/"
  certificate_body = file("${path.module}/server.pem")
  private_key      = file("${path.module}/server.key")
  tags = {
    team = var.description
  }
}

resource "aws_iam_security_token_service_preferences" "account" {
  global_endpoint_token_version = "v2Token"
}

data "aws_iam_user_ssh_key" "holder" {
  username          = aws_iam_user.holder.name
  ssh_public_key_id = aws_iam_user_ssh_key.holder.ssh_public_key_id
  encoding          = "SSH"
}

data "aws_iam_server_certificate" "site" {
  name = aws_iam_server_certificate.site.name
}

data "aws_iam_access_keys" "alice" {
  user       = aws_iam_user.alice.name
  depends_on = [aws_iam_access_key.alice]
}
