package main

import (
	"context"
	"crypto/rand"
	"strings"
)

// demoCodes is how many codes the demo has for each item that gives some.
const demoCodes = 40

// stock loads what the demo's members can redeem, and codes for the item that gives them.
func (d *demo) stock(ctx context.Context) error {
	if _, err := d.app.applyItems(ctx, "demo/items.yaml", demoItems); err != nil {
		return err
	}
	var file strings.Builder
	for range demoCodes {
		code := rand.Text()
		file.WriteString(code[:4] + "-" + code[4:8] + "-" + code[8:12] + "\n")
	}
	_, _, err := d.app.loadCodesFile(ctx, "video-month", []byte(file.String()))
	return err
}
