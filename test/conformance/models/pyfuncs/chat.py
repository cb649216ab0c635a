import mlflow
from mlflow.types.llm import ChatChoice, ChatCompletionResponse, ChatMessage, TokenUsageStats


class FixedChat(mlflow.pyfunc.ChatModel):
    """Answers what it was asked with; id, time and usage never change."""

    def predict(self, context, messages, params):
        said = " | ".join(f"{message.role}:{message.content}" for message in messages)
        settings = f"t={params.temperature} max={params.max_tokens} stop={params.stop} custom={params.custom_inputs}"
        message = ChatMessage(role="assistant", content=f"{said} [{settings}]")
        return ChatCompletionResponse(
            id="chat-1",
            created=1700000000,
            model="fixed",
            choices=[ChatChoice(index=0, message=message, finish_reason="stop")],
            usage=TokenUsageStats(prompt_tokens=1, completion_tokens=2, total_tokens=3),
        )


mlflow.models.set_model(FixedChat())
