package sqlstore

import (
	"database/sql/driver"
	"fmt"

	"github.com/go-json-experiment/json"
)

// bodyOptions are how bodies are written and read: zero members are left out, and the
// format option of the tags is in force.
var bodyOptions = json.JoinOptions(
	json.OmitZeroStructFields(true),
	json.ExperimentalSupportFormatTag(true),
)

func encode(v any) (string, error) {
	b, err := json.Marshal(v, bodyOptions)
	return string(b), err
}

func decode(body driver.Value, v any) error {
	s, ok := body.(string)
	if !ok {
		return fmt.Errorf("the body is %T, not text", body)
	}
	return json.Unmarshal([]byte(s), v, bodyOptions)
}
