package topics

import "strings"

// kind is what we know of an event type: its topic and how its data is read.
type kind struct {
	typ, topic string
	fast       fastShape                           // data that the hand-written reader knows; zero = none
	decode     func(value []byte, d *Data) *Reject // the strict library, for everything
}

// TopicOf returns the topic of an event type; ok is false for unknown types.
func TopicOf(typ string) (topic string, ok bool) {
	k, ok := kindOf(typ)
	return k.topic, ok
}

// FamilyTopic is where an event goes whose type may be unknown: unknown types of a family go to the family's topic,
// where they become dead letters; ok is false for types that are not of a shop.
func FamilyTopic(typ string) (topic string, ok bool) {
	if topic, ok = TopicOf(typ); ok {
		return topic, true
	}
	for _, f := range []struct{ prefix, topic string }{
		{"shop.order.", Orders}, {"shop.share.", Shares}, {"shop.review.", Reviews}, {"shop.member.", Members}, {"shop.", Activities},
	} {
		if strings.HasPrefix(typ, f.prefix) {
			return f.topic, true
		}
	}
	return "", false
}

// Types lists the known event types in the order of the contract.
func Types() []string {
	return []string{
		TypeOrderPaid, TypeOrderCompleted, TypeOrderRefunded, TypeShareCreated, TypeShareClicked, TypeReviewPublished,
		TypeReviewRemoved, TypeRegistered, TypeProfileCompleted, TypeSurveyCompleted, TypeSignedIn, TypeTierChanged,
		TypeMerged, TypeErased, TypeCouponUsed, TypeActivity,
	}
}

func kindOf(typ string) (kind, bool) {
	switch typ {
	case TypeOrderPaid:
		return kind{TypeOrderPaid, Orders, paidShape(), decodeAs[paidWire]}, true
	case TypeOrderCompleted:
		return kind{TypeOrderCompleted, Orders, completedShape(), decodeAs[completedWire]}, true
	case TypeOrderRefunded:
		return kind{TypeOrderRefunded, Orders, refundedShape(), decodeAs[refundedWire]}, true
	case TypeShareCreated:
		return kind{TypeShareCreated, Shares, fastShape{}, decodeAs[shareWire]}, true
	case TypeShareClicked:
		return kind{TypeShareClicked, Shares, fastShape{}, decodeAs[clickWire]}, true
	case TypeReviewPublished:
		return kind{TypeReviewPublished, Reviews, fastShape{}, decodeAs[reviewWire]}, true
	case TypeReviewRemoved:
		return kind{TypeReviewRemoved, Reviews, fastShape{}, decodeAs[reviewRemovedWire]}, true
	case TypeCouponUsed:
		return kind{TypeCouponUsed, Activities, fastShape{}, decodeAs[couponWire]}, true
	case TypeActivity:
		return kind{TypeActivity, Activities, fastShape{}, decodeAs[activityWire]}, true
	}
	return memberKind(typ)
}

func memberKind(typ string) (kind, bool) {
	switch typ {
	case TypeRegistered:
		return kind{TypeRegistered, Members, fastShape{}, decodeAs[memberWire]}, true
	case TypeProfileCompleted:
		return kind{TypeProfileCompleted, Members, fastShape{}, decodeAs[memberWire]}, true
	case TypeSurveyCompleted:
		return kind{TypeSurveyCompleted, Members, fastShape{}, decodeAs[surveyWire]}, true
	case TypeSignedIn:
		return kind{TypeSignedIn, Members, fastShape{}, decodeAs[signInWire]}, true
	case TypeTierChanged:
		return kind{TypeTierChanged, Members, fastShape{}, decodeAs[tierWire]}, true
	case TypeMerged:
		return kind{TypeMerged, Members, fastShape{}, decodeAs[mergedWire]}, true
	case TypeErased:
		return kind{TypeErased, Members, fastShape{}, decodeAs[memberWire]}, true
	}
	return kind{}, false
}
