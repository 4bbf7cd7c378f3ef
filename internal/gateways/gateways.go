// Package gateways lists the gateways of this module. To add a gateway, start
// with a line in [All] and run the tests of internal/repotest. They name each file
// that must know the gateway and does not.
package gateways

// Module is the import path of the module root.
const Module = "github.com/paygates/paygates-go"

// Gateway is a payment gateway that this module supports.
type Gateway struct {
	Name  string // the package name, which is also its directory: "pingpp"
	Title string // how docs/providers.md begins its section: "Ping++"
}

// All returns the gateways in the order of the documentation.
func All() []Gateway {
	return []Gateway{
		{"ispay", "ispay"},
		{"codepay", "codepay"},
		{"gatepay", "GatePay"},
		{"kechengcang", "kechengcang"},
		{"pingpp", "Ping++"},
	}
}

// ImportPath returns the import path of the gateway's package.
func (g Gateway) ImportPath() string { return Module + "/" + g.Name }
