package topics

type shareWire struct {
	memberWire
	Product  string `json:"product"`
	Platform string `json:"platform"`
	Token    string `json:"token"`
}

func (w *shareWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Product, d.Platform, d.Token = w.Product, w.Platform, w.Token
	c.id("product", w.Product)
	c.id("platform", w.Platform)
	c.token("token", w.Token, true)
}

type clickWire struct {
	memberWire
	Token   string `json:"token"`
	Visitor string `json:"visitor"`
}

func (w *clickWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Token, d.Visitor = w.Token, w.Visitor
	c.token("token", w.Token, true)
	c.id("visitor", w.Visitor)
}

type reviewWire struct {
	memberWire
	Review   string `json:"review"`
	Order    string `json:"order"`
	Line     string `json:"line"`
	SKU      string `json:"sku"`
	Rating   int64  `json:"rating"`
	Length   int64  `json:"length"`
	Pictures int64  `json:"pictures"`
}

func (w *reviewWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Review, d.Order, d.Line, d.SKU = w.Review, w.Order, w.Line, w.SKU
	d.Rating, d.Length, d.Pictures = w.Rating, w.Length, w.Pictures
	c.id("review", w.Review)
	c.id("order", w.Order)
	c.id("line", w.Line)
	c.id("sku", w.SKU)
	c.amount("rating", w.Rating)
	c.amount("length", w.Length)
	c.amount("pictures", w.Pictures)
}

type reviewRemovedWire struct {
	memberWire
	Review string `json:"review"`
}

func (w *reviewRemovedWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Review = w.Review
	c.id("review", w.Review)
}

type surveyWire struct {
	memberWire
	Survey string `json:"survey"`
}

func (w *surveyWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Survey = w.Survey
	c.id("survey", w.Survey)
}

type signInWire struct {
	memberWire
	Device      string `json:"device"`
	AddressHash string `json:"address_hash"`
}

func (w *signInWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Device, d.AddressHash = w.Device, w.AddressHash
	c.optional("device", w.Device)
	c.optional("address_hash", w.AddressHash)
}

type tierWire struct {
	memberWire
	Tier string `json:"tier"`
}

func (w *tierWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Tier = w.Tier
	c.id("tier", w.Tier)
}

type mergedWire struct {
	memberWire
	From string `json:"from"`
}

func (w *mergedWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.From = w.From
	c.id("from", w.From)
	if w.From == w.Member {
		c.fail(ReasonSchema, "from and member are the same")
	}
}

type couponWire struct {
	memberWire
	Coupon string `json:"coupon"`
	Order  string `json:"order"`
}

func (w *couponWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Coupon, d.Order = w.Coupon, w.Order
	c.id("coupon", w.Coupon)
	c.id("order", w.Order)
}
