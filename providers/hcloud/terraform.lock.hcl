# Made by providers/lock.sh: the sums of our own builds, linux_amd64 and linux_arm64.

provider "registry.terraform.io/hetznercloud/hcloud" {
  version     = "1.68.0"
  constraints = "1.68.0"
  hashes = [
    "h1:0egwXlARtDlovWRWg01+9kzOvHRL5JHfrHQKSyS769g=",
    "h1:H0ACf/lUuj6Pc/1o0hTU6qD6u4DReA4iwj7+BQ9FKGM=",
  ]
}
