// Package data holds the demo's orders and their map, so that the program has them wherever it runs.
// The orders: "Online Retail", UCI Machine Learning Repository, D. Chen, 2015, DOI 10.24432/C5BW33, CC BY 4.0.
package data

import _ "embed"

// Orders is a week of a retailer's order lines, as CSV.
//
//go:embed online_retail_2010w49.csv
var Orders []byte

// OrdersName is the name of the file that Orders was read from.
const OrdersName = "online_retail_2010w49.csv"

// OrdersMap is the map for Orders.
//
//go:embed online_retail.map.yaml
var OrdersMap []byte

// OrdersMapName is the name of the file that OrdersMap was read from.
const OrdersMapName = "online_retail.map.yaml"
