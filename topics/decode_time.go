package topics

import "time"

// ParseTime reads an RFC 3339 time, YYYY-MM-DDTHH:MM:SS[.f…](Z|±HH:MM), as UTC; digits finer than nanoseconds are cut
// off. The library is slower and takes more than the standard (a comma, +24:00).
func ParseTime(b []byte) (time.Time, bool) {
	if len(b) < 20 || b[4] != '-' || b[7] != '-' || b[10]|0x20 != 't' || b[13] != ':' || b[16] != ':' {
		return time.Time{}, false
	}
	var f [7]int
	for i, at := range [7]int{0, 2, 5, 8, 11, 14, 17} {
		d1, d0 := b[at]-'0', b[at+1]-'0'
		if d1 > 9 || d0 > 9 {
			return time.Time{}, false
		}
		f[i] = int(d1)*10 + int(d0)
	}
	year, month, day := f[0]*100+f[1], f[2], f[3]
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || f[4] > 23 || f[5] > 59 || f[6] > 59 {
		return time.Time{}, false
	}
	nanos, rest, ok := fraction(b[19:])
	if !ok {
		return time.Time{}, false
	}
	offset, ok := zoneOffset(rest)
	if !ok {
		return time.Time{}, false
	}
	seconds := daysSinceEpoch(year, month, day)*86400 + int64(f[4]*3600+f[5]*60+f[6]) - offset
	return time.Unix(seconds, nanos).UTC(), true
}

func fraction(b []byte) (nanos int64, rest []byte, ok bool) {
	if b[0] != '.' {
		return 0, b, true
	}
	i := 1
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if i <= 9 {
			nanos = nanos*10 + int64(b[i]-'0')
		}
	}
	if i == 1 {
		return 0, nil, false
	}
	for n := i; n <= 9; n++ {
		nanos *= 10
	}
	return nanos, b[i:], true
}

func zoneOffset(b []byte) (seconds int64, ok bool) {
	if len(b) == 1 && b[0]|0x20 == 'z' {
		return 0, true
	}
	if len(b) != 6 || b[0] != '+' && b[0] != '-' || b[3] != ':' {
		return 0, false
	}
	h1, h0, m1, m0 := b[1]-'0', b[2]-'0', b[4]-'0', b[5]-'0'
	if h1 > 9 || h0 > 9 || m1 > 5 || m0 > 9 || h1*10+h0 > 23 {
		return 0, false
	}
	seconds = int64(h1*10+h0)*3600 + int64(m1*10+m0)*60
	if b[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSinceEpoch counts the days of the proleptic Gregorian calendar from 1970-01-01, with years that start in March.
func daysSinceEpoch(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	if year < 0 {
		era = -1 // year 0's January and February only
	}
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	return int64(era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468)
}
