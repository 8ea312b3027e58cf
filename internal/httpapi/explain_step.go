package httpapi

import "fmt"

// stepTexts say what a step of a redemption is, in both languages.
var stepTexts = map[string][2]string{
	stepCancel:  {"取消", "cancelled"},
	stepShip:    {"发货", "shipped"},
	stepDeliver: {"送达", "delivered"},
	stepFulfil:  {"履约完成", "fulfilled"},
	stepReturn:  {"申请退换", "return or exchange asked for"},
	stepInspect: {"退换验收", "return or exchange decided"},
	stepReport:  {"报告问题", "problem reported"},
	stepResolve: {"问题处理", "problem decided"},
	"unit":      {"补发库存答复", "stock for another unit answered"},
}

// explainStep says which step of a redemption an entry is of, and that it was refused.
func explainStep(l lang, w Why) string {
	text, known := stepTexts[w.Step]
	if !known {
		text = [2]string{"有新进展", "went on"}
	}
	if w.Kind == "refused" {
		text[0], text[1] = text[0]+"（未执行）", text[1]+" (refused)"
	}
	return sentence(l, w, fmt.Sprintf("%s 的兑换：%s", w.Item, text[0]), fmt.Sprintf("redemption of %s: %s", w.Item, text[1]))
}
