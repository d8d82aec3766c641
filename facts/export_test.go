package facts

import "concur-connector/expense"

// Sign is what signs a request.
var Sign = sign

// DecodeSecret is what reads a secret.
var DecodeSecret = decodeSecret

// ReadAnswer reads an answer to a question about one object.
func ReadAnswer(text []byte, key string) (expense.Answers, error) {
	return readAnswer(text, question{Items: []expense.QuestionItem{{Key: key}}})
}
