//go:build !failpoints

package kafka

// failpoint does nothing: only the kill tests' build has it.
func failpoint(string, string) {}
