package facts

import "concur-connector/expense"

// ReadAnswer reads an answer to a question about one object.
func ReadAnswer(text []byte, key string) (expense.Answers, error) {
	return readAnswer(text, question{Items: []expense.QuestionItem{{Key: key}}})
}
