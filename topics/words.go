package topics

// Words are a text in both languages of pages and messages; in settings one of them may be empty.
type Words struct {
	Zh string `json:"zh" yaml:"zh,omitempty"`
	En string `json:"en" yaml:"en,omitempty"`
}
