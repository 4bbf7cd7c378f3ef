// Package sign creates and verifies the signatures of the gateways over exact
// bytes: MD5 in several forms, and RSA-SHA256. Its type [Secret] keeps a key out
// of logs and printed values.
//
// The MD5 forms return a [Digest], an array, so that signing and verifying need no
// allocation:
//
//	[MD5Concat]  md5(part1 + part2 + … + secret)              ispay
//	[MD5Sorted]  md5(a=1&b=2&… + secret), sorted by name       codepay
//	[MD5Nested]  md5(hex(md5(part1 + part2 + …)) + secret)     gatepay
//	[MD5Salted]  md5(hex(md5(salt)) + hex(md5(secret)))        kechengcang
//
// Package sign/explain shows how a signature is made and looks for the reason why
// one does not match.
//
// The gateways document MD5, and this package cannot make it stronger. Each
// provider package documents what its signatures do not cover.
//
// The errors of this package have no prefix, because a provider package wraps them
// and names itself.
package sign
