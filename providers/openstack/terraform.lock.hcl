# Made by providers/lock.sh: the sums of our own builds, linux_amd64 and linux_arm64.

provider "registry.terraform.io/terraform-provider-openstack/openstack" {
  version     = "3.4.0"
  constraints = "3.4.0"
  hashes = [
    "h1:D4OV3Sa0BJxBqK6ejMJGCRFu1e+QJ2d5fBb/9Pma4nk=",
    "h1:FwzowaQLSuQgYZRqEmgTw6o0nXCurtxeYvoLO53bJnU=",
  ]
}
