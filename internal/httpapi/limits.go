package httpapi

import "time"

// Limits bound what a client may take; all must be above 0.
type Limits struct {
	ReadHeaderTimeout, RequestTimeout, IdleTimeout, ShutdownTimeout time.Duration
	BodyBytesMax                                                    int64
	RedemptionWait                                                  time.Duration // then 202
	QuoteValidity                                                   time.Duration
}
