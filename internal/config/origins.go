package config

import (
	"fmt"
	"net/url"
	"strings"
)

// CheckOrigin says what is wrong with an origin that may embed the mall: scheme, host and port, as a browser names it.
func CheckOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != origin ||
		strings.ToLower(origin) != origin || strings.ContainsAny(origin, "*;, \t'\"") {
		return fmt.Errorf("%q is no origin, such as https://shop.example", origin)
	}
	return nil
}
