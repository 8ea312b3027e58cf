package httpapi

// textOfKept words the codes of what is kept of members.
func textOfKept(code string) text {
	switch code {
	case codeBookFull:
		return text{"地址数量已达上限", "Too many addresses", "最多保存 20 个地址，请先删除不用的地址。", "At most 20 addresses are kept; delete one that is not used."}
	case codeNotRateable:
		return text{"尚不能评价", "Cannot be rated yet", "收到商品后才能评价。", "What was received can be rated."}
	case codeAddressRequired:
		return text{"需要收货地址", "An address is needed", "该商品需要寄送，请提供收货地址。", "This item is sent: say where to."}
	}
	return textOfStatus(code)
}
