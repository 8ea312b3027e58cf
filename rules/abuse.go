package rules

import "jifen/topics"

// identify names the accounts of the event's device and address, where an abuse rule counts their members. What is hashed of
// them is all that leaves this place (I15).
func (b *Book) identify(p *parcel, e *topics.Event) {
	if b == nil || e.Backfill != "" {
		return
	}
	if e.Data.Device != "" && b.source.Shares(topics.SharedDevice) {
		p.event.Device = topics.IdentityAccount(topics.SharedDevice, e.Data.Device)
	}
	if e.Data.AddressHash != "" && b.source.Shares(topics.SharedAddress) {
		p.event.Address = topics.IdentityAccount(topics.SharedAddress, e.Data.AddressHash)
	}
}
