// Package house holds no code. One of its tests reads what go list says of this
// module and keeps the imports pointing down:
//
//	examples/*                                        programs
//	  ispay/ispaytest, codepay/codepaytest, …         fake gateways
//	    gatewaytest                                   what the fakes share
//	    ispay  codepay  gatepay  kechengcang  pingpp  providers: they stand alone
//	      internal/*
//	        sign  money                               the standard library only
//
// It also keeps each library of others in the room that needs it, so that who
// imports a provider package inherits no more than that.
//
// The others keep the documentation true: every exported name has a comment, every
// call an example that runs, every documented name a place in docs/providers.md,
// and the exported API is the one listed in docs/api, which
//
//	go test ./internal/house -update
//
// writes anew.
package house
