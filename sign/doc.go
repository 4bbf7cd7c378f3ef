// Package sign holds the signatures that the five gateways use, over exact
// bytes: four MD5 forms and RSA-SHA256, and a [Secret] that never shows itself.
//
// The MD5 forms return a [Digest], an array of 32 hex characters, so that
// signing and verifying allocate nothing:
//
//	[MD5Concat]  md5(part1 + part2 + … + secret)              ispay
//	[MD5Sorted]  md5(a=1&b=2&… + secret), sorted by name       codepay
//	[MD5Nested]  md5(hex(md5(part1 + part2 + …)) + secret)     gatepay
//	[MD5Salted]  md5(hex(md5(salt)) + hex(md5(secret)))        kechengcang
//
// Where two sides do not agree, [ExplainConcat] and its neighbours say field by
// field what is signed, without showing the secret, and look for the mistake.
//
// MD5 is what these gateways document; nothing here makes it stronger. What a
// signature leaves uncovered is said in the documentation of each provider
// package.
package sign
