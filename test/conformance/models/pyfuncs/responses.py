import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse


class EchoAgent(ResponsesAgent):
    """Answers the last thing said; ids and time never change."""

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        content = request.input[-1].content
        said = content if isinstance(content, str) else f"parts:{len(content or [])}"
        return ResponsesAgentResponse(
            id="resp-1",
            created_at=1700000000,
            output=[self.create_text_output_item(text=f"echo: {said}", id="m1")],
            custom_outputs=request.custom_inputs,
        )


mlflow.models.set_model(EchoAgent())
