import type { ProblemType } from '@berth/service-kit';

/** 404: there is no such order. */
export const orderNotFound: ProblemType = { code: 'order_not_found', status: 404, title: 'Order not found' };

/** 404: the user that a new order names doesn't exist. */
export const userNotFound: ProblemType = { code: 'user_not_found', status: 404, title: 'User not found' };

/** 409: the status can't become that from where it is. */
export const illegalStatusTransition: ProblemType = { code: 'illegal_status_transition', status: 409, title: 'Illegal status transition' };

/** 409: the member can't be changed any more in the order's status. */
export const orderNotEditable: ProblemType = { code: 'order_not_editable', status: 409, title: 'Order not editable' };

/** 503: user-service can't be asked now. */
export const userServiceUnavailable: ProblemType = { code: 'user_service_unavailable', status: 503, title: 'User service unavailable', passing: true };

/** 502: user-service answered nonsense. */
export const userServiceInvalidResponse: ProblemType = {
  code: 'user_service_invalid_response',
  status: 502,
  title: 'User service gave an invalid response',
};
