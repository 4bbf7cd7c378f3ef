package paygates

// Version is the version of this module. Requests carry it in their User-Agent header,
// "paygates-go/" and the version.
const Version = "0.1.0-dev"

// AppInfo names the merchant's application in the User-Agent header, behind that of
// this module: "paygates-go/0.1.0 example-shop/2.3". The zero value adds nothing.
type AppInfo struct {
	// Name is the application: 1 to 64 letters, digits, ".", "-" or "_".
	Name string
	// Version is its version, of the same characters and "+". Optional.
	Version string
}
