package httpapi

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
)

// sharedPaths are the reads that a shop's page may make by itself, with its member's token: what the badge shows.
var sharedPaths = []string{"/v1/me/balance", "/v1/retailer"}

const corsMaxAge = "600"

// shareReads lets the pages of the shops that embed the mall read what the badge shows (CORS). No cookie goes with it.
func (a *API) shareReads(c *gin.Context) {
	if !slices.Contains(sharedPaths, c.Request.URL.Path) {
		c.Next()
		return
	}
	h := c.Writer.Header()
	h.Add("Vary", "Origin")
	origin := c.GetHeader("Origin")
	if !slices.Contains(a.embedOrigins, origin) {
		c.Next()
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After")
	if c.Request.Method == http.MethodOptions && c.GetHeader("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", http.MethodGet)
		h.Set("Access-Control-Allow-Headers", "Authorization, Accept-Language, X-Request-Id")
		h.Set("Access-Control-Max-Age", corsMaxAge)
		c.AbortWithStatus(http.StatusNoContent)
		return
	}
	c.Next()
}
