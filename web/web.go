// Package web holds the pages as they are served: the mall at /, the console at /console/, the badge at /badge.js. Their
// sources lie beside it; `make web` builds them, and what it builds is committed, so that building Jifen needs no Node.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// FS is web/dist: index.html, console/index.html, badge.js, assets/ and console/assets/ with a hash in each name, pictures/.
func FS() fs.FS {
	sub, _ := fs.Sub(dist, "dist") // it fails for paths that are not valid
	return sub
}
