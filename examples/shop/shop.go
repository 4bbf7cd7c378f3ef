package main

import "log/slog"

// shop is what the parts of the program share.
type shop struct {
	settings settings
	store    *store
	offers   []offer
	fakes    *fakes // nil with real gateways
	log      *slog.Logger
}

func (s *shop) accounts() []account {
	all := make([]account, len(s.offers))
	for i, o := range s.offers {
		all[i] = o.account
	}
	return all
}

// offerOf returns the offer of a gateway. It reports false for one that is not on
// sale.
func (s *shop) offerOf(gateway string) (offer, bool) {
	for _, o := range s.offers {
		if o.Gateway == gateway {
			return o, true
		}
	}
	return offer{}, false
}
