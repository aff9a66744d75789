namespace Coord.Simulation.Checking;

/// <summary>One number that is read, written, and written if it has an expected value. It starts without any.</summary>
internal sealed class RegisterModel : ISequentialModel<int?, RegisterInput, RegisterOutput>
{
    public int? Initial => null;

    public bool TryStep(int? state, Call<RegisterInput, RegisterOutput> call, out int? next)
    {
        RegisterInput input = call.Input;
        bool writes = input.Kind switch
        {
            RegisterCallKind.Write => true,
            RegisterCallKind.CompareAndSet => state == input.Expected,
            _ => false,
        };
        next = writes ? input.Value : state;
        if (!call.IsKnown)
            return true;

        RegisterOutput output = call.Output!;
        return input.Kind switch
        {
            RegisterCallKind.Read => output.Value == state,
            RegisterCallKind.CompareAndSet => output.IsSet == writes,
            _ => true,
        };
    }
}
