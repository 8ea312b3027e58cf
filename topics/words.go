package topics

// Words are a text in both languages of pages and messages; in settings one of them may be empty.
type Words struct {
	Zh string `json:"zh,omitempty" yaml:"zh,omitempty"`
	En string `json:"en,omitempty" yaml:"en,omitempty"`
}
