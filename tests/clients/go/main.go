// What a program in Go does with an account, by version 2 of the AWS SDK: the test says what it has to print.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

var ctx = context.Background()

func must[T any](value T, err error) T {
	if err != nil {
		log.Output(2, err.Error())
		os.Exit(1)
	}
	return value
}

// refused prints the type and the code of an error, and its message.
func refused[T any](_ T, err error) {
	var told smithy.APIError
	if !errors.As(err, &told) {
		log.Output(2, fmt.Sprint("no error of a service: ", err))
		os.Exit(1)
	}
	fmt.Printf("%T %s: %s\n", told, told.ErrorCode(), told.ErrorMessage())
}

func main() {
	log.SetFlags(log.Lshortfile)
	at := aws.EndpointResolverWithOptionsFunc(func(_, region string, _ ...interface{}) (aws.Endpoint, error) {
		return aws.Endpoint{URL: os.Getenv("AWS_ENDPOINT_URL"), HostnameImmutable: true, SigningRegion: region}, nil
	})
	root := must(config.LoadDefaultConfig(ctx, config.WithEndpointResolverWithOptions(at)))
	account := *must(sts.NewFromConfig(root).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})).Account
	ada := people(root)
	member := sessions(root, ada, account)
	refused(organizations.NewFromConfig(root).DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{}))
	must(organizations.NewFromConfig(root).CreateOrganization(ctx, &organizations.CreateOrganizationInput{FeatureSet: orgtypes.OrganizationFeatureSetAll}))
	objects(member, ada)
	others(root, ada)
}

// people makes users, and returns what one of them is configured with, who may assume roles.
func people(root aws.Config) aws.Config {
	client := iam.NewFromConfig(root)
	for _, name := range []string{"ada", "bob", "eve"} {
		tag := iamtypes.Tag{Key: aws.String("team"), Value: aws.String("größe + @=")}
		must(client.CreateUser(ctx, &iam.CreateUserInput{UserName: &name, Path: aws.String("/go/"), Tags: []iamtypes.Tag{tag}}))
	}
	ada := aws.String("ada")
	if err := iam.NewUserExistsWaiter(client).Wait(ctx, &iam.GetUserInput{UserName: ada}, time.Minute); err != nil {
		log.Fatal(err)
	}
	fmt.Println(*must(client.GetUser(ctx, &iam.GetUserInput{UserName: ada})).User.Tags[0].Value)
	pages := iam.NewListUsersPaginator(client, &iam.ListUsersInput{PathPrefix: aws.String("/go/"), MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		fmt.Println(len(must(pages.NextPage(ctx)).Users), "users")
	}
	refused(client.CreateUser(ctx, &iam.CreateUserInput{UserName: ada}))
	refused(client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: ada, PolicyName: aws.String("p"), PolicyDocument: aws.String("{}")}))
	document := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}}`
	must(client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: ada, PolicyName: aws.String("p"), PolicyDocument: &document}))
	key := must(client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: ada})).AccessKey
	configured := root.Copy()
	configured.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKeyId, *key.SecretAccessKey, "")
	refused(iam.NewFromConfig(configured).ListUsers(ctx, &iam.ListUsersInput{}))
	refused(client.DeleteUser(ctx, &iam.DeleteUserInput{UserName: ada}))
	return configured
}

// sessions makes a role, and returns what its session is configured with.
func sessions(root, ada aws.Config, account string) aws.Config {
	trust := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": %q},
		"Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]}}`, account)
	document := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`
	client, name := iam.NewFromConfig(root), aws.String("store")
	role := must(client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: &trust})).Role
	must(client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("p"), PolicyDocument: &document}))
	configured := root.Copy()
	assume := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(ada), *role.Arn, func(options *stscreds.AssumeRoleOptions) {
		options.RoleSessionName, options.SourceIdentity = "go-session", aws.String("ada")
	})
	configured.Credentials = aws.NewCredentialsCache(assume)
	presigned := must(sts.NewPresignClient(sts.NewFromConfig(configured)).PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	answer := must(http.Get(presigned.URL))
	defer answer.Body.Close()
	fmt.Println(answer.StatusCode, bytes.Contains(must(io.ReadAll(answer.Body)), []byte("assumed-role/store/go-session")))
	return configured
}

// objects puts and reads objects as the session, in one part and in several, and asks as somebody who may not.
func objects(member, ada aws.Config) {
	inPath := func(options *s3.Options) { options.UsePathStyle = true }
	client, bucket, key := s3.NewFromConfig(member, inPath), aws.String("from-go"), aws.String("a b+ü/c")
	must(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	given := s3.PutObjectInput{Bucket: bucket, Key: key, Body: bytes.NewReader([]byte("hello")), ChecksumAlgorithm: s3types.ChecksumAlgorithmSha256}
	must(client.PutObject(ctx, &given))
	fmt.Println(string(must(io.ReadAll(must(client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})).Body))))
	large := bytes.NewReader(make([]byte, 6<<20))
	uploaded := must(manager.NewUploader(client).Upload(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a/large"), Body: large}))
	fmt.Println(uploaded.Location)
	refused(client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none")}))
	refused(s3.NewFromConfig(ada, inPath).GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key}))
}

// others asks services of which the upstream tells errors.
func others(root, ada aws.Config) {
	queues, messages := sqs.NewFromConfig(root), secretsmanager.NewFromConfig(root)
	url := must(queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})).QueueUrl
	fmt.Println(*url)
	refused(sqs.NewFromConfig(ada).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m")}))
	refused(messages.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("none")}))
	refused(kms.NewFromConfig(root).Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: []byte("none")}))
}
