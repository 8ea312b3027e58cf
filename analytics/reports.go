package analytics

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// ItemSums are what became of an item from a day on: views of its page, redemptions and their units and points, those that
// came back, and requests when it was sold out.
type ItemSums struct {
	Item                                                 string
	Views, Redemptions, Units, Points, Returned, SoldOut int64
}

// CampaignDay is a day of a campaign: distinct visitors of its pages, and who redeemed what under it.
type CampaignDay struct {
	Campaign                                   string
	Day                                        time.Time // midnight UTC
	Visitors, Redeemers, Redemptions, Points   int64
	BeforeRedeemers, BeforeRedemptions, Before int64 // of the same items, in the 28 days before its first day; Before: points
}

const itemSumsQuery = `SELECT item, sum(views), sum(redemptions), sum(units), sum(points), sum(returned), sum(sold_out) FROM
(
	SELECT item, toInt64(views) AS views, toInt64(0) AS redemptions, toInt64(0) AS units, toInt64(0) AS points, toInt64(0) AS returned, toInt64(0) AS sold_out
	FROM v_item_visits WHERE day >= toDate({from:String})
	UNION ALL
	SELECT item, 0, toInt64(redemptions), units, points, toInt64(returned), toInt64(sold_out)
	FROM v_item_redemptions WHERE day >= toDate({from:String})
)
GROUP BY item
ORDER BY item`

// ItemSums adds up v_item_visits and v_item_redemptions from a day of the program's zone on (R44), in order of item.
func (s *Store) ItemSums(ctx context.Context, from time.Time) ([]ItemSums, error) {
	return collect(ctx, s, "how items are wanted", func(i *ItemSums) []any {
		return []any{&i.Item, &i.Views, &i.Redemptions, &i.Units, &i.Points, &i.Returned, &i.SoldOut}
	}, itemSumsQuery, clickhouse.Named("from", from.Format(time.DateOnly)))
}

const campaignDaysQuery = `SELECT toString(campaign), toDateTime(day, 'UTC'), toInt64(visitors), toInt64(redeemers), toInt64(redemptions), points,
	toInt64(before_redeemers), toInt64(before_redemptions), before_points
FROM v_campaign_uplift WHERE day >= toDate({from:String})
ORDER BY campaign, day`

// CampaignDays are those of v_campaign_uplift from a day of the program's zone on (R58), in order of campaign and day.
func (s *Store) CampaignDays(ctx context.Context, from time.Time) ([]CampaignDay, error) {
	return collect(ctx, s, "days of campaigns", func(d *CampaignDay) []any {
		return []any{&d.Campaign, &d.Day, &d.Visitors, &d.Redeemers, &d.Redemptions, &d.Points, &d.BeforeRedeemers, &d.BeforeRedemptions, &d.Before}
	}, campaignDaysQuery, clickhouse.Named("from", from.Format(time.DateOnly)))
}
