package httpapi

import (
	"fmt"
	"strings"
	"time"

	"jifen/topics"
)

// validityText words how long points are good, to the end of a day (D9).
func validityText(l lang, v topics.Validity) string {
	var chinese, english []string
	for _, p := range []struct {
		n        int
		zh, noun string
	}{{v.Years, "年", "year"}, {v.Months, "个月", "month"}, {v.Days, "天", "day"}} {
		if p.n > 0 {
			chinese, english = append(chinese, fmt.Sprintf("%d %s", p.n, p.zh)), append(english, count(int64(p.n), p.noun))
		}
	}
	if len(english) == 0 {
		return l.pick("积分长期有效", "points do not expire")
	}
	from, fromEnglish := "可用之日起", "from the day on which they can be spent"
	if v.FromEarning {
		from, fromEnglish = "获得之日起", "from the day on which they are earned"
	}
	zh, en := "积分自"+from+" "+strings.Join(chinese, "")+"内有效", "points are good for "+strings.Join(english, " ")+" "+fromEnglish
	switch v.Rounding {
	case topics.RoundMonth:
		zh, en = zh+"，至当月月底", en+", to the end of that month"
	case topics.RoundQuarter:
		zh, en = zh+"，至当季季末", en+", to the end of that quarter"
	case topics.RoundYear:
		zh, en = zh+"，至当年年底", en+", to the end of that year"
	case topics.RoundDay:
	}
	return l.pick(zh, en)
}

// periodText words a calendar period, as in "at most 30 points a day".
func periodText(p topics.Period) (chinese, english string) {
	switch p {
	case topics.PerDay:
		return "每天", "a day"
	case topics.PerWeek:
		return "每周", "a week"
	case topics.PerMonth:
		return "每月", "a month"
	case topics.PerQuarter:
		return "每季", "a quarter"
	case topics.PerYear:
		return "每年", "a year"
	case topics.PerEver:
	}
	return "总共", "in all"
}

// each words what a limit counts on its own.
func each(l lang, by string) string {
	switch by {
	case topics.ByProduct, topics.BySKU:
		return l.pick("每件商品", " for each product")
	case topics.BySurvey:
		return l.pick("每份问卷", " for each survey")
	case topics.ByActivity:
		return l.pick("每项活动", " for each activity")
	case "buyer":
		return l.pick("每位好友", " for each friend")
	}
	return ""
}

func within(d time.Duration) (chinese, english string) {
	if days := int64(d / (24 * time.Hour)); days > 0 {
		return fmt.Sprintf("%d 天", days), count(days, "day")
	}
	hours := int64(d / time.Hour)
	return fmt.Sprintf("%d 小时", hours), count(hours, "hour")
}
