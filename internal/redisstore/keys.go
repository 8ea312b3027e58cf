package redisstore

import (
	"strconv"
	"strings"
)

// Every key of shard s begins with "jifen:{s}:": the hash tag keeps a shard together in a Redis Cluster.
type keys struct{ prefix string }

func shardKeys(shard int32) keys {
	return keys{"jifen:{" + strconv.Itoa(int(shard)) + "}:"}
}

func (k keys) applied() string             { return k.prefix + "applied" }
func (k keys) due() string                 { return k.prefix + "due" }
func (k keys) member(id string) string     { return k.prefix + "m:" + id }
func (k keys) log(member string) string    { return k.prefix + "l:" + member }
func (k keys) redemption(id string) string { return k.prefix + "r:" + id }
func (k keys) board(period string) string  { return k.prefix + "board:" + period }
func (k keys) queue(name string) string    { return k.prefix + "queue:" + name }
func (k keys) items() string               { return k.prefix + "items" }
func (k keys) item(id string) string       { return k.prefix + "i:" + id }
func (k keys) budget(id string) string     { return k.prefix + "b:" + id }
func (k keys) codes(chunk string) string   { return k.prefix + "c:" + chunk }
func (k keys) identity(id string) string   { return k.prefix + "d:" + id }

// The keys of a member's inbox begin with "jifen:inbox:{<mark>}:", where the mark is made from the member's id: what is left
// of an erased member, that messages to come are none of theirs, names nobody.
func inboxKeys(mark string) keys { return keys{"jifen:inbox:{" + mark + "}:"} }

func (k keys) messages() string { return k.prefix + "messages" }
func (k keys) read() string     { return k.prefix + "read" }
func (k keys) gone() string     { return k.prefix + "gone" }

// inboxPositions is where the stage that fills the inboxes keeps how far it has read.
const inboxPositions = "jifen:inbox:positions"

// private are the keys of what is kept of members beside their accounts. Their tag is no shard's, so that nothing that is
// done to a shard's states is done to them.
type private struct{ prefix string }

func privateKeys(shard int32) private {
	return private{"jifen:{p" + strconv.Itoa(int(shard)) + "}:"}
}

func (k private) applied() string              { return k.prefix + "applied" }
func (k private) erased() string               { return k.prefix + "erased" }
func (k private) of(mark string) string        { return k.prefix + "of:" + mark }
func (k private) ratings() string              { return k.prefix + "ratings" }
func (k private) ratingsOf(item string) string { return k.prefix + "ratings:" + item }
func (k private) ratingCounts() string         { return k.prefix + "rating-counts" }
func (k private) ratingStars() string          { return k.prefix + "rating-stars" }

// outcomes is the channel on which owners tell which redemptions have been decided. It is a hint: the state decides.
const outcomes = "jifen:outcomes"

// pattern matches every key of a shard.
const pattern = "jifen:{*}:*"

// shardOf reads the shard out of a key.
func shardOf(key string) (int32, bool) {
	rest, ok := strings.CutPrefix(key, "jifen:{")
	if !ok {
		return 0, false
	}
	number, _, ok := strings.Cut(rest, "}:")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(number, 10, 32)
	return int32(n), err == nil
}
