package topics

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// BackfillHeader names the run that brings history in (interfaces: "History").
const BackfillHeader = attributePrefix + "backfill"

// Rebind turns one CloudEvent in JSON format into a record in binary mode, its data's bytes untouched, every attribute
// in a header, keyed by data.member, for its family's topic. It does not judge what Decode judges: an event of a bad
// shape is bound too, and becomes a dead letter where it is read. What is no JSON object or has no type of a shop's
// cannot be sent anywhere: DECODE or UNKNOWN_TYPE.
func Rebind(line []byte) (Record, *Reject) {
	lenient := []json.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(line, &members, lenient...); err != nil || members == nil {
		return Record{}, reject(ReasonDecode, "not one JSON object")
	}
	topic, ok := FamilyTopic(attributeText(members["type"]))
	if !ok {
		return Record{}, reject(ReasonUnknownType, "no topic takes this type")
	}
	r := Record{Topic: topic, Partition: -1, Value: members["data"]}
	if v, ok := members["data_base64"]; ok && len(r.Value) == 0 {
		if err := json.Unmarshal(v, &r.Value); err != nil {
			return Record{}, reject(ReasonDecode, "data_base64 is not base64")
		}
	}
	r.Key = memberKey(r.Value, lenient)
	r.Headers = rebindHeaders(members)
	return r, nil
}

func rebindHeaders(members map[string]jsontext.Value) []Header {
	content := attributeText(members["datacontenttype"])
	if content == "" {
		content = jsonContent
	}
	headers := []Header{{Key: contentTypeHeader, Value: []byte(content)}}
	for _, name := range []string{"data", "data_base64", "datacontenttype"} {
		delete(members, name)
	}
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if v := attributeText(members[name]); v != "" {
			headers = append(headers, Header{Key: attributePrefix + name, Value: []byte(v)})
		}
	}
	return headers
}

// attributeText is a string's text, another value's JSON, and nothing for null and for what is absent.
func attributeText(v jsontext.Value) string {
	if len(v) == 0 || v.Kind() == 'n' {
		return ""
	}
	return attribute(v)
}

func memberKey(data []byte, options []json.Options) []byte {
	var d struct {
		Member jsontext.Value `json:"member"`
	}
	if json.Unmarshal(data, &d, options...) != nil || d.Member.Kind() != '"' {
		return nil
	}
	return []byte(attribute(d.Member))
}
