# A bucket with what is kept of it here and what the upstream keeps, and objects in it.


resource "aws_s3_bucket" "b" {
  bucket = "terraform-bucket"
  tags   = { Name = var.description }
}

resource "aws_s3_bucket_policy" "b" {
  bucket = aws_s3_bucket.b.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.description
      Effect    = "Allow"
      Principal = { AWS = local.root }
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.b.arn}/*"
    }]
  })
}

resource "aws_s3_bucket_versioning" "b" {
  bucket = aws_s3_bucket.b.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_ownership_controls" "b" {
  bucket = aws_s3_bucket.b.id
  rule { object_ownership = "BucketOwnerPreferred" }
}

resource "aws_s3_bucket_public_access_block" "b" {
  bucket                  = aws_s3_bucket.b.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = var.description == "first"
}

resource "aws_s3_bucket_acl" "b" {
  bucket     = aws_s3_bucket.b.id
  acl        = "private"
  depends_on = [aws_s3_bucket_ownership_controls.b]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "b" {
  bucket = aws_s3_bucket.b.id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}

resource "aws_s3_bucket" "sealed" {
  bucket = "terraform-sealed"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "sealed" {
  bucket = aws_s3_bucket.sealed.id
  rule {
    bucket_key_enabled = var.description == "first"
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.mine.arn
    }
  }
}

resource "aws_s3_object" "sealed" {
  bucket     = aws_s3_bucket.sealed.id
  key        = "k"
  content    = var.description
  depends_on = [aws_s3_bucket_server_side_encryption_configuration.sealed]
}

resource "aws_s3_bucket_cors_configuration" "b" {
  bucket = aws_s3_bucket.b.id
  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["https://${var.description}.example.com"]
  }
}

resource "aws_s3_object" "o" {
  bucket  = aws_s3_bucket.b.id
  key     = "a b/ü.txt"
  content = var.description
}

resource "aws_s3_object_copy" "c" {
  bucket = aws_s3_bucket.b.id
  key    = "copy"
  source = "${aws_s3_bucket.b.id}/${aws_s3_object.o.key}"
}
