"""Which services may stand in a trust policy."""

from __future__ import annotations

import pytest

from carnet.catalog.service_principals import is_service_principal

REAL = """
    access-analyzer acm acm-pca airflow airflow-env amplify apidestinations.events apigateway ops.apigateway appflow
    application-autoscaling dynamodb.application-autoscaling ecs.application-autoscaling ec2.application-autoscaling
    custom-resource.application-autoscaling appmesh build.apprunner tasks.apprunner appsync athena autoscaling
    autoscaling-plans backup batch batchoperations.s3 bedrock bedrock-agentcore budgets ce channels.lex chatbot cloud9
    cloudformation cloudfront logger.cloudfront cloudtrail cloudwatch-crossaccount codebuild codecommit codedeploy
    codepipeline codestar-notifications cognito-identity cognito-idp email.cognito-idp config config-multiaccountsetup
    connect controltower credentials.iot custom.rds datapipeline datasync dax delivery.logs directconnect dlm dms ds
    dynamodb ec2 ec2fleet ec2scheduled ecr replication.ecr pullthroughcache.ecr ecs ecs-tasks edgelambda eks
    eks-fargate-pods eks-nodegroup pods.eks elasticache elasticbeanstalk maintenance.elasticbeanstalk
    managedupdates.elasticbeanstalk elasticfilesystem elasticloadbalancing elasticmapreduce elastictranscoder
    emr-containers emr-serverless es events export.rds firehose fis fms fsx gamelift glue grafana greengrass guardduty
    malware-protection.guardduty malware-protection-plan.guardduty health hooks.cloudformation imagebuilder importexport
    inspector2 agentless.inspector2 iot iotevents iotsitewise iottwinmaker ivs kafka kafkaconnect kinesis
    kinesisanalytics kms lakeformation lambda replicator.lambda lex lexv2 license-manager.member-account lightsail logs
    macie mediaconvert medialive mediapackage mediatailor member.org.stacksets.cloudformation memorydb mgn monitoring
    monitoring.rds mq network-firewall networkmanager omics opensearchservice opsworks opsworks-cm organizations
    osis-pipelines pca-connector-ad personalize pinpoint pipes proton qbusiness quicksight ram rds redshift
    redshift-serverless rekognition reporting.trustedadvisor resiliencehub resource-explorer-2 resources.cloudformation
    robomaker rolesanywhere route53 route53resolver s3 s3-outposts access-grants.s3 storage-lens.s3 sagemaker scheduler
    secretsmanager securityhub securitylake servicecatalog servicediscovery ses shield signin sms sns spot spotfleet sqs
    ssm ssm-incidents ssm-quicksetup sso stacksets.cloudformation states storagegateway streams.metrics.cloudwatch
    support swf synthetics textract timestream transcribe transfer transitgateway translate trustedadvisor vmie
    vpc-flow-logs vpc-lattice wafv2 wisdom workmail workspaces workspaces-web xray
"""


@pytest.mark.parametrize("name", REAL.split())
def test_services_are_known(name: str) -> None:
    assert is_service_principal(f"{name}.amazonaws.com")


@pytest.mark.parametrize(
    "name",
    [
        "ec2.amazonaws.com.cn",
        "codedeploy.us-east-1.amazonaws.com",
        "codedeploy.cn-north-1.amazonaws.com.cn",
        "logs.us-gov-west-1.amazonaws.com",
        "states.ap-southeast-2.amazonaws.com",
        "logs.us-iso-east-1.c2s.ic.gov",
        "ec2.sc2s.sgov.gov",
        "lambda.amazonaws.eu",
        "some-part.sagemaker.amazonaws.com",
        "alexa-appkit.amazon.com",
    ],
)
def test_partitions_regions_and_parts(name: str) -> None:
    assert is_service_principal(name)


@pytest.mark.parametrize(
    "name",
    [
        "lambda.example.com",
        "lamda.amazonaws.com",
        "lambda",
        "amazonaws.com",
        ".amazonaws.com",
        "*.amazonaws.com",
        "lambda.amazonaws.com.example.com",
        "lambda.amazonaws.org",
        "a.b.lambda.amazonaws.com",
        "lambda.nowhere.amazonaws.com",
        "us-east-1.amazonaws.com",
        "Lambda.amazonaws.com",
        "",
    ],
)
def test_others_are_none(name: str) -> None:
    assert not is_service_principal(name)
