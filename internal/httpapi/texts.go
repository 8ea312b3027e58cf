package httpapi

import (
	"context"
	"strings"

	"golang.org/x/text/language"
)

// text is a problem's wording: title and detail in Chinese and English.
type text struct{ titleZH, titleEN, detailZH, detailEN string }

func (t text) title(l lang) string  { return l.pick(t.titleZH, t.titleEN) }
func (t text) detail(l lang) string { return l.pick(t.detailZH, t.detailEN) }

// lang is the language of an answer.
type lang string

const (
	zh lang = "zh-CN"
	en lang = "en"
)

func (l lang) pick(chinese, english string) string {
	if l == en {
		return english
	}
	return chinese
}

// languageOf reads Accept-Language; Chinese unless English is preferred.
func languageOf(header string) lang {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return zh
	}
	_, index, confidence := language.NewMatcher([]language.Tag{language.SimplifiedChinese, language.English, language.TraditionalChinese}).Match(tags...)
	if index == 1 && confidence > language.No {
		return en
	}
	return zh
}

type contextKey int

const (
	keyLanguage contextKey = iota
	keyRequestID
	keyCaller
	keyPath
	keyAudit
)

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(keyRequestID).(string)
	return id
}

func languageIn(ctx context.Context) lang {
	if l, ok := ctx.Value(keyLanguage).(lang); ok {
		return l
	}
	return zh
}

// textOf words a code.
func textOf(code string) text {
	switch code {
	case codeInsufficientPoints:
		return text{"积分不足", "Not enough points", "可用积分不够支付该兑换。", "The available points do not cover this redemption."}
	case codeSoldOut:
		return text{"已兑完", "Sold out", "库存不足，请选择其他商品。", "There is not enough stock; choose another item."}
	case codeFrozen:
		return text{"账户已冻结", "Account frozen", "账户冻结期间不能使用积分，请联系客服。", "Points cannot be spent while the account is frozen; contact support."}
	case codeLimitReached:
		return text{"已达次数上限", "Limit reached", "已达允许的次数，如商品的兑换次数、未决的冻结或调整、一次冻结的申诉。", "It was done as often as is allowed: redemptions of an item, freezes and adjustments that stand, appeals against a freeze."}
	case codeTierRequired:
		return text{"会员等级不符", "Another tier is required", "该商品仅限指定等级的会员兑换。", "This item is only for members of certain tiers."}
	case codePriceChanged:
		return text{"价格已变动", "Price changed", "报价已过期或价格已变动，请重新获取报价。", "The quote has expired or the price has changed; ask for a new quote."}
	case codeDebt:
		return text{"积分欠账", "Points owed", "账户有积分欠账，还清之前不能兑换。", "Points are owed; redeeming is possible once they are repaid."}
	case codeNotOnSale:
		return text{"商品已下架", "Not on sale", "该商品目前不可兑换。", "This item cannot be redeemed at present."}
	case codeCodesInvalid:
		return text{"兑换码文件有误", "The file of codes has faults", "没有导入任何兑换码。请改正下列各行后重试。", "Nothing was loaded. Correct these lines and try again."}
	case codeNotCodes:
		return text{"该商品不使用兑换码", "Not an item with codes", "请先把商品的 fulfilment 设为 codes。", "Set the item's fulfilment to codes first."}
	case codeNoVault:
		return text{"未配置加密密钥", "No keys to seal with", "服务器未配置 vault.keys，不能保存或读取兑换码。", "The server has no vault.keys, so codes can be neither kept nor read."}
	case codeTooLate:
		return text{"已超过可办理的时间", "Too late", "已发货、已使用或已超过退换期限；如有质量问题，请联系客服。", "It was shipped or fulfilled already, or the time for returns is over; contact support if something is wrong with it."}
	case codeNotPossible:
		return text{"该兑换不支持此操作", "Not possible for this redemption", "请看 can 中目前可以办理的操作；虚拟商品有问题时请反映问题。", "See what can be done under can; for codes and services, report a problem instead."}
	case codeTooMuch:
		return text{"数量超过可退数量", "More than there is", "请减少数量：不能超过尚未退回的数量。", "Ask for fewer: not more units than are left to return."}
	case codePreconditionMissing:
		return text{"缺少 If-Match", "If-Match missing", "请先读取，再以其 ETag 作为 If-Match 提交修改。", "Read it first and send its ETag as If-Match with the change."}
	case codePreconditionFailed:
		return text{"内容已被他人修改", "Changed by somebody else", "请重新读取后再修改。", "Read it again, and make the change on what is there now."}
	case codeExists:
		return text{"已存在", "It exists already", "该编号已被使用，请修改已有的商品，或换一个编号。", "The id is in use: change what is there, or take another id."}
	case codeStockTooSmall:
		return text{"库存不足", "Not enough free stock", "减少的数量超过可用库存。", "More would be taken out than is free."}
	case codeMerged:
		return text{"账户已并入另一会员", "The account is part of another one", "请使用合并后的会员号。", "Use the id of the member that it was merged into."}
	case codeErased:
		return text{"会员已注销", "The member was erased", "该会员的数据已删除，会员号不再使用；请用新会员号重新注册。", "Nothing is kept of this member, and the id is not used again; register under another one."}
	case codeSamePerson:
		return text{"须由另一人复核", "Another person must decide", "提出的人不能自己批准或驳回。", "Who proposed it cannot decide it."}
	case codeDecided:
		return text{"已有决定", "Decided already", "该事项已经处理，不能再更改。", "This was decided and cannot be changed."}
	case codeUnproposed:
		return text{"尚未提出", "Not proposed yet", "须先由一人提出，再由另一人批准。", "One person proposes it first, another one decides."}
	case codeEventRefused:
		return text{"事件无法补记", "The event cannot be let in", "事件本身有误，errors 中说明了原因。", "The event itself is wrong; errors says why."}
	case codeOrderAmbiguous:
		return text{"订单号不唯一", "Ambiguous order", "多个来源有相同的订单号，请用 source 指明。", "Several sources use this order id; name one with source."}
	case codeFullyRefunded:
		return text{"订单已全部退货", "Fully refunded", "该订单没有可退的金额。", "Nothing of this order is kept that could be returned."}
	case codeRulesInvalid:
		return text{"规则有误", "The rulebook has faults", "errors 中列出每处错误的行和列，改正后重试。", "errors names the line and column of each; correct them and try again."}
	case codeConflict:
		return text{"幂等键已被使用", "Idempotency key in use", "同一 Idempotency-Key 已用于内容不同的请求。", "This Idempotency-Key was used with another body."}
	case codeKeyMissing:
		return text{"缺少 Idempotency-Key", "Idempotency-Key missing", "请求头须带 Idempotency-Key：1–255 个可打印 ASCII 字符。", "Send the header Idempotency-Key: 1 to 255 printable ASCII characters."}
	case codeQuoteInvalid:
		return text{"报价无效", "Invalid quote", "报价不是为该会员、商品和数量而出。", "The quote was not made for this member, item and quantity."}
	case codeCursorInvalid:
		return text{"游标无效", "Invalid cursor", "请使用上一页返回的 next_cursor。", "Use next_cursor of the page before."}
	case codeNotSupported:
		return text{"暂不支持", "Not supported yet", "请求中含有暂不支持的内容。", "The request contains something that is not supported yet."}
	}
	return textOfKept(code)
}

func textOfStatus(code string) text {
	switch code {
	case codeBadRequest:
		return text{"请求有误", "Bad request", "请求无法解析。", "The request cannot be read."}
	case codeUnauthorized:
		return text{"未登录", "Unauthorized", "请提供有效的访问令牌。", "Send a valid bearer token."}
	case codeForbidden:
		return text{"没有权限", "Forbidden", "当前角色不能执行此操作。", "Your roles do not allow this."}
	case codeTooMany:
		return text{"请求过于频繁", "Too many requests", "请稍候再试，Retry-After 说明须等待的秒数。", "Wait for as many seconds as Retry-After says."}
	case codeCrossOrigin:
		return text{"跨站请求被拒绝", "Refused: from another site", "已登录的操作只能在本站页面上进行。", "With a console session, send this from the console's own pages."}
	case codeNotFound:
		return text{"未找到", "Not found", "", ""}
	case codeMethod:
		return text{"不支持的方法", "Method not allowed", "", ""}
	case codeNotAcceptable:
		return text{"无法按要求的格式回答", "Not acceptable", "", ""}
	case codeTimeout:
		return text{"请求超时", "Request timed out", "", ""}
	case codeTooLarge:
		return text{"请求体过大", "Body too large", "", ""}
	case codeMediaType:
		return text{"不支持的内容类型", "Unsupported media type", "请使用 application/json。", "Use application/json."}
	case codeInvalid:
		return text{"参数有误", "Invalid input", "请看 errors 中的说明。", "See errors."}
	case codeUnavailable:
		return text{"暂时不可用", "Temporarily unavailable", "请稍后用同一 Idempotency-Key 重试。", "Try again later, with the same Idempotency-Key."}
	case codeStale:
		return text{"账户数据正在恢复", "Accounts are being restored", "请稍后用同一 Idempotency-Key 重试。", "Try again later, with the same Idempotency-Key."}
	}
	return text{"内部错误", "Internal error", "请稍后重试，并告知 X-Request-Id。", "Try again later; name X-Request-Id when asking for help."}
}

// translate words the commonest messages of huma's validator in Chinese; the rest stay English.
func translate(l lang, message string) string {
	if l == en {
		return message
	}
	for _, t := range [][2]string{
		{"expected required property ", "缺少必填字段 "},
		{"unexpected property", "未知字段"},
		{"expected string", "应为字符串"},
		{"expected integer", "应为整数"},
		{"expected number ", "数值应 "},
		{"expected number", "应为数字"},
		{"expected boolean", "应为布尔值"},
		{"expected array length ", "项数应 "},
		{"expected array", "应为数组"},
		{"expected value to be one of ", "应为以下之一： "},
		{"unknown query parameter", "未知查询参数"},
		{faultTwice, "重复出现"},
		{"invalid boolean", "应为布尔值"},
		{"expected length ", "长度应 "},
		{"expected object", "应为对象"},
		{"invalid integer", "应为整数"},
		{"required ", "缺少必填参数"},
		{"is needed: whose order", "缺少必填参数"},
		{"wants line:net", "格式应为 行号:金额"},
		{"wants an amount above 0", "金额应为大于 0 的整数（最小货币单位）"},
		{"names line", "订单没有该行"},
		{"wants ", "超过该行保留的金额"},
		{"is ahead of the program's clock", "晚于系统时钟"},
		{"must not be given: as_of is ahead", "as_of 晚于系统时钟时不可使用"},
		{"is more than 10 years ahead", "超出十年"},
		{faultEmpty, "不能为空"},
		{faultLines, "应为一行可打印字符"},
		{faultPhone, "不是电话号码：应有 3 至 20 位数字"},
		{faultCountry, "不是国家代码：应为 ISO 3166 的两个字母，如 CN"},
		{faultEmail, "不是电子邮箱地址"},
		{faultPostcode, "不是邮政编码：最多 16 个字母、数字、空格或连字符"},
		{faultPrintable, "应为可打印字符"},
		{faultChannel, "该渠道需要邮箱或电话"},
		{"request body is required", "缺少请求体"},
		{"invalid character", "不是合法的 JSON"},
		{"unexpected end of JSON", "不是合法的 JSON"},
	} {
		if rest, ok := strings.CutPrefix(message, t[0]); ok {
			if strings.HasSuffix(t[1], " ") {
				return t[1] + strings.TrimSuffix(rest, " to be present")
			}
			return t[1]
		}
	}
	return message
}
