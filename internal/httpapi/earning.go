package httpapi

import (
	"fmt"
	"strings"
	"time"

	"jifen/topics"
)

// EarningBody says in plain words how points are earned, and how long they are good (R65).
type EarningBody struct {
	Version   string         `json:"version" doc:"Of the rulebook in force; empty: none is."`
	Timezone  string         `json:"timezone,omitempty" doc:"IANA name of the rulebook's zone."`
	Rules     []EarningRule  `json:"rules"`
	Campaigns []EarningText  `json:"campaigns" doc:"That run."`
	Validity  ValidityBody   `json:"validity"`
	Metric    string         `json:"metric,omitempty" doc:"What tiers go by: spend (minor units) or paid_orders."`
	Tiers     []EarningLevel `json:"tiers"`
}

// ValidityBody says how long points are good.
type ValidityBody struct {
	Text string `json:"text"`
}

// EarningRule is one way to earn.
type EarningRule struct {
	ID   string `json:"id"`
	On   string `json:"on" doc:"Event type."`
	Text string `json:"text"`
}

// EarningText is a campaign in words.
type EarningText struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Text string `json:"text"`
}

// EarningLevel is a tier.
type EarningLevel struct {
	ID         string `json:"id"`
	From       int64  `json:"from" doc:"Minor units, or orders."`
	Multiplier string `json:"multiplier"`
}

type earningOutput struct{ Body EarningBody }

func earningOf(l lang, book *topics.Rulebook, now time.Time) EarningBody {
	b := EarningBody{Rules: []EarningRule{}, Campaigns: []EarningText{}, Tiers: []EarningLevel{}}
	if book == nil {
		return b
	}
	b.Version, b.Timezone, b.Validity.Text = book.Version, book.Zone.String(), validityText(l, book.Validity)
	for i := range book.Rules {
		r := &book.Rules[i]
		b.Rules = append(b.Rules, EarningRule{ID: r.ID, On: r.On, Text: ruleText(l, book, r)})
	}
	for i := range book.Campaigns {
		if c := &book.Campaigns[i]; topics.Within(now, c.From, c.To) {
			b.Campaigns = append(b.Campaigns, EarningText{ID: c.ID, Name: shownName(l, c.ID, c.Shown), Text: campaignText(l, book, c)})
		}
	}
	b.Tiers = levelsOf(book)
	if len(b.Tiers) > 0 {
		b.Metric = book.Tiers.Metric
	}
	return b
}

func levelsOf(book *topics.Rulebook) []EarningLevel {
	all := []EarningLevel{}
	for _, x := range book.Tiers.Levels {
		all = append(all, EarningLevel{ID: x.ID, From: x.From, Multiplier: x.Multiplier.String()})
	}
	return all
}

// ruleText words a rule: for what, how much, and within which bounds.
func ruleText(l lang, book *topics.Rulebook, r *topics.Rule) string {
	parts := []string{occasion(l, r) + l.pick("：", ": ") + reward(l, book, r)}
	add := func(chinese, english string) { parts = append(parts, l.pick(chinese, english)) }
	parts = append(parts, conditions(l, &r.Match)...)
	if r.When != "" {
		add("须符合活动规定的其他条件", "further conditions apply")
	}
	if r.TierMultiplier && len(book.Tiers.Levels) > 1 {
		add("按会员等级倍数计算", "times the multiplier of your tier")
	}
	if r.Referrer {
		chinese, english := within(r.Within)
		add("积分归分享人，好友须在分享后 "+chinese+" 内下单", "for the member who shared, if the order comes within "+english)
	}
	if c := r.Cap; c.Points > 0 {
		period, a := periodText(c.Per)
		add(fmt.Sprintf("%s最多 %d 分", period, c.Points), fmt.Sprintf("at most %s %s", count(c.Points, "point"), a))
	}
	if x := r.Limit; x.Times > 0 {
		period, a := periodText(x.Per)
		add(fmt.Sprintf("%s%s限 %d 次", each(zh, x.By), period, x.Times), fmt.Sprintf("%s %s%s", count(x.Times, "time"), a, each(en, x.By)))
	}
	if r.Exclusive != "" {
		add("与同组规则取其高", "of rules of one kind the highest counts")
	}
	switch p := r.Pending; {
	case p.Completed:
		add("订单完成后可用", "to be spent once the order is completed")
	case p.Days > 0:
		add(fmt.Sprintf("%d 天后可用", p.Days), "to be spent after "+count(int64(p.Days), "day"))
	}
	if r.Validity != nil {
		parts = append(parts, validityText(l, *r.Validity))
	}
	return strings.Join(parts, l.pick("；", "; "))
}

// occasion names what is rewarded.
func occasion(l lang, r *topics.Rule) string {
	if r.Referrer {
		return l.pick("好友通过分享首次购买", "A friend's first purchase through your share")
	}
	switch r.On {
	case topics.TypeOrderPaid:
		return l.pick("购物", "Shopping")
	case topics.TypeShareCreated:
		return l.pick("分享商品", "Sharing a product")
	case topics.TypeReviewPublished:
		return l.pick("发表评价", "Writing a review")
	case "shop.member.registered.v1":
		return l.pick("注册会员", "Becoming a member")
	case "shop.member.profile_completed.v1":
		return l.pick("完善资料", "Completing your profile")
	case "shop.member.survey_completed.v1":
		return l.pick("填写问卷", "Answering a survey")
	case topics.TypeSignedIn:
		return l.pick("登录", "Signing in")
	case topics.TypeActivity:
		if len(r.Match.Activity) > 0 {
			return l.pick("参加活动 ", "Activity ") + strings.Join(r.Match.Activity, l.pick("、", ", "))
		}
		return l.pick("参加活动", "Activities")
	}
	return r.On
}

// reward words how much a rule gives, before multipliers.
func reward(l lang, book *topics.Rulebook, r *topics.Rule) string {
	points, per := count(r.Points, "point"), money(r.Per, book.Currency)
	switch r.Mode {
	case topics.ModeStep:
		return l.pick(fmt.Sprintf("每满 %s 得 %d 分", per, r.Points), fmt.Sprintf("%s for every full %s", points, per))
	case topics.ModeProportional:
		return l.pick(fmt.Sprintf("每 %s 得 %d 分，按比例", per, r.Points), fmt.Sprintf("%s per %s, in proportion", points, per))
	case topics.ModeQuantity:
		if r.Per > 1 {
			return l.pick(fmt.Sprintf("每 %d 个得 %d 分", r.Per, r.Points), fmt.Sprintf("%s for every %d", points, r.Per))
		}
		return l.pick(fmt.Sprintf("每个得 %d 分", r.Points), points+" each")
	case topics.ModeFixed:
	}
	return l.pick(fmt.Sprintf("%d 分", r.Points), points)
}

// conditions word what a rule asks of an event.
func conditions(l lang, m *topics.Match) (parts []string) {
	for _, x := range []struct {
		chinese, english string
		values           []string
	}{
		{"商品类别：", "categories: ", m.Category},
		{"商品：", "products: ", m.SKU},
		{"标签：", "tags: ", m.Tag},
		{"门店：", "stores: ", m.Store},
		{"渠道：", "channels: ", m.Channel},
		{"会员等级：", "tiers: ", m.Tier},
	} {
		if len(x.values) > 0 {
			parts = append(parts, l.pick(x.chinese, x.english)+strings.Join(x.values, l.pick("、", ", ")))
		}
	}
	if m.FirstOrder {
		parts = append(parts, l.pick("限首单", "first order only"))
	}
	if m.MinLength > 0 {
		parts = append(parts, l.pick(fmt.Sprintf("至少 %d 字", m.MinLength), fmt.Sprintf("at least %s", count(m.MinLength, "character"))))
	}
	if m.MinPictures > 0 {
		parts = append(parts, l.pick(fmt.Sprintf("至少 %d 张图片", m.MinPictures), fmt.Sprintf("with at least %s", count(m.MinPictures, "picture"))))
	}
	if m.Verified {
		parts = append(parts, l.pick("限已购买的商品", "for products that you bought"))
	}
	return parts
}

func campaignText(l lang, book *topics.Rulebook, c *topics.Campaign) string {
	rules := l.pick("全部获取方式", "all ways to earn")
	if len(c.Rules) > 0 {
		rules = strings.Join(c.Rules, l.pick("、", ", "))
	}
	parts := []string{l.pick(fmt.Sprintf("%s：%s 积分 ×%s", shownName(l, c.ID, c.Shown), rules, c.Multiplier), fmt.Sprintf("%s: %s ×%s", shownName(l, c.ID, c.Shown), rules, c.Multiplier))}
	if !c.To.IsZero() {
		until := c.To.In(book.Zone).Format("2006-01-02 15:04")
		parts = append(parts, l.pick("至 "+until, "until "+until))
	}
	parts = append(parts, conditions(l, &topics.Match{Store: c.Store, Channel: c.Channel, Tier: c.Tier})...)
	if c.Budget > 0 {
		parts = append(parts, l.pick("积分总量有限，发完为止", "as long as its points last"))
	}
	return strings.Join(parts, l.pick("；", "; "))
}
