// Package rulebooks holds the rulebooks that come with Jifen, their golden cases and the schema for editors.
package rulebooks

import "embed"

// FS has <book>.yaml, <book>.cases.yaml beside it, and rulebook.schema.json.
//
//go:embed *.yaml *.json
var FS embed.FS

// The books, by file name.
const (
	Retail = "retail.yaml"      // a retailer's program with tiers, categories and a campaign
	Demo   = "demo.yaml"        // £1 → 1 point, for the orders of the demo
	Full   = "retail-full.yaml" // tiers that multiply and a milestone, for the same orders
	// By quantity: nights, and finished courses beside their price.
	Hotel     = "hotel.yaml"
	Education = "education.yaml"
)
