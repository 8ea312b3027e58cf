// Command probe asks a health endpoint of its own container, for images that have no shell: probe URL. It ends with 0
// when the answer is 200.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	if err := ask(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func ask(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one URL, have %d", len(args))
	}
	client := http.Client{Timeout: 3 * time.Second}
	res, err := client.Get(args[0])
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", args[0], res.Status)
	}
	return nil
}
