module flagrelay/tests/servers/consul

go 1.25

require (
	github.com/hashicorp/consul v1.12.9
	golang.org/x/net v0.45.0
	golang.org/x/sys v0.37.0
)
