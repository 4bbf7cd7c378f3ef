// Package house holds no code. Its test reads what go list says of this module
// and keeps the imports pointing down:
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
package house
