# What else an upstream keeps of a bucket.

resource "aws_s3_bucket" "settings" {
  bucket              = "terraform-settings"
  object_lock_enabled = true
}

resource "aws_s3_bucket_lifecycle_configuration" "settings" {
  bucket = aws_s3_bucket.settings.id
  rule {
    id     = var.description
    status = "Enabled"
    filter { prefix = "logs/" }
    expiration { days = 30 }
  }
}

resource "aws_s3_bucket_website_configuration" "settings" {
  bucket = aws_s3_bucket.settings.id
  index_document { suffix = "${var.description}.html" }
}

resource "aws_s3_bucket_object_lock_configuration" "settings" {
  bucket = aws_s3_bucket.settings.id
  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = var.description == "first" ? 5 : 6
    }
  }
}

resource "aws_s3_bucket_accelerate_configuration" "settings" {
  bucket = aws_s3_bucket.settings.id
  status = var.description == "first" ? "Enabled" : "Suspended"
}
