"""The answer to a Question, read in one snapshot; `answer` asks the other modules."""
